"""What a refusal is called: for who wanted to sign in, and, with more in it, for the admin who tests the provider."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assistant.sso.saml import words as saml
from governance.identity.refusals import Reason, Refused


def for_person(refusal: Refused) -> str:
    """Nothing that a provider sent, and nothing that would help to forge the next try."""
    told = {
        Reason.NO_PROVIDER: _("There is no such way to sign in. Start again here."),
        Reason.STATE: _("This sign-in has expired, or was used already. Start again."),
        Reason.CANCELLED: _("You cancelled the sign-in."),
        Reason.PROVIDER_ERROR: _("Your identity provider refused the sign-in. Ask your administrator for access."),
        Reason.UNREACHABLE: _("Your identity provider does not answer at the moment. Try again in a minute."),
        Reason.NO_ADDRESS: _("Your identity provider did not send your e-mail address. Tell your administrator."),
        Reason.UNVERIFIED: _("Your e-mail address is not verified at your identity provider. Tell your administrator."),
        Reason.FOREIGN_ADDRESS: _(
            "Your e-mail address is not of this organisation. Ask your administrator to invite you."
        ),
        Reason.SWITCHED_OFF: _("Your account here is switched off. Ask your administrator."),
        Reason.LOCAL_PERSON: _(
            "There is an account with your address and a password. Sign in with the password now, in this browser:"
            " from then on your identity provider is enough."
        ),
        Reason.ANOTHER_ISSUER: _("Your address belongs to another sign-in. Ask your administrator to unlink that one."),
        Reason.ANOTHER_SUBJECT: _(
            "Your address belongs to another sign-in. Ask your administrator to unlink that one."
        ),
        Reason.RACED: _("Two sign-ins came at once. Start again."),
        Reason.NOT_AGAIN: _(
            "Your identity provider did not ask again who you are, so nothing was confirmed. Start again, and give your"
            " password or passkey there."
        ),
        Reason.NOT_STRONG: _(
            "Your organisation asks for a stronger sign-in here, such as a second factor. Sign in with it at your"
            " identity provider, then start again."
        ),
    }
    return told.get(refusal.reason) or _(
        "What your identity provider sent cannot be trusted, so nobody was signed in. Tell your administrator."
    )


def for_admin(refusal: Refused) -> str:
    """What to look at, and where."""
    told = {
        Reason.STATE: _("Start the test again, and finish it in the same browser within ten minutes."),
        Reason.MIXED_UP: _(
            "The answer names another issuer than the one you entered. Compare the two letter by letter."
        ),
        Reason.CANCELLED: _(
            "The sign-in was cancelled at the provider, or the person may not use this application there."
        ),
        Reason.PROVIDER_ERROR: _(
            "Look up the error at your provider; often the redirect address is not registered there."
        ),
        Reason.UNREACHABLE: _("The provider's server could not be asked. Check the issuer's address."),
        Reason.DISCOVERY: _("Enter the issuer exactly as the provider's configuration document writes it."),
        Reason.CODE: _("The provider did not accept the code. Check the client id and secret."),
        Reason.USERINFO: _("The userinfo endpoint spoke of somebody else than the ID token did."),
        Reason.MALFORMED: _(
            "The provider sent no ID token that can be read. Is the application an OpenID Connect one?"
        ),
        Reason.ALGORITHM: _("Let the provider sign ID tokens by RS256, PS256 or ES256, with a key that it publishes."),
        Reason.KEY: _("The token was signed by a key that the provider does not publish."),
        Reason.SIGNATURE: _("The token was altered, or signed by a key that only claims to be the provider's."),
        Reason.ISSUER: _("The token names another issuer than the one you entered."),
        Reason.AUDIENCE: _("The token was issued to another application. Check the client id."),
        Reason.EXPIRED: _("The token's times are off. Check the clocks of both servers."),
        Reason.NONCE: _("The token does not answer this very sign-in."),
        Reason.KIND: _("The provider sent another kind of token than an ID token."),
        Reason.NOT_STRONG: _(
            "The sign-in was not as strong as you demand. Let the provider ask for a second factor, or take the value that"
            " came into your list."
        ),
        Reason.NO_ADDRESS: _("Let the provider send the claim “email”, in the scope of that name."),
        Reason.UNVERIFIED: _(
            "The provider does not say that the address is verified. If people cannot choose their addresses there,"
            " switch on “vouches for addresses”; it does not help where it says that the address is not verified."
        ),
        Reason.FOREIGN_ADDRESS: _("The address is of a domain that this provider does not vouch for. Add the domain."),
        Reason.SWITCHED_OFF: _("The person is switched off here."),
        Reason.LOCAL_PERSON: _(
            "The person has a password here. They link by signing in with it once, when they are asked."
        ),
        Reason.ANOTHER_ISSUER: _("The person is linked to another provider. Unlink them there first."),
        Reason.ANOTHER_SUBJECT: _(
            "The person is linked to another subject of this provider. Unlink it below, if it is gone."
        ),
    }
    return (told | saml.for_admin()).get(refusal.reason, "")
