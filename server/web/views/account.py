"""One's own account: who one is here, what one proves it with, and one's password."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from server.accounts import passkeys, people, second_factor
from server.web.doors import FACTOR, FRESH, is_fresh, keep_session
from server.web.pages import SignedInRequest, own_page, show


@own_page
@require_safe
def account(request: SignedInRequest) -> HttpResponse:
    """Show one's own account."""
    return show_account(request)


def show_account(request: SignedInRequest, *, status: int = 200) -> HttpResponse:
    """The page of one's own account, also where a change of it was refused."""
    user = request.user
    factors = list(user.factors.all())
    context = {
        "factors": factors,
        "codes_left": user.recovery_codes.count() if factors else 0,
        "demanded": second_factor.demanded(user),
        "missing": second_factor.demanded(user) and FACTOR not in request.session,
        "fresh": is_fresh(request),
        "fresh_minutes": FRESH // 60,
        "passkeys_possible": passkeys.possible(request.get_host()),
        "has_password": user.has_usable_password(),
    }
    return show(request, "web/account/account.html", context, at="account", status=status)


@sensitive_post_parameters("old", "password")
@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def account_password(request: SignedInRequest) -> HttpResponse:
    """Change one's own password; all other sessions end."""
    mistakes: dict[str, str] = {}
    if request.method == "POST":
        old, new = request.POST.get("old", "")[:1024], request.POST.get("password", "")[:1024]
        try:
            people.change_own_password(request.user, old=old, new=new)
        except people.AccountMistakes as wrong:
            mistakes = wrong.by_field
        else:
            keep_session(request, request.user)
            messages.success(request, _("Your password was changed. Other sessions have ended."))
            return HttpResponseRedirect(reverse("web:account"))
    context = {"mistakes": mistakes}
    return show(request, "web/account/password.html", context, at="account", status=422 if mistakes else 200)
