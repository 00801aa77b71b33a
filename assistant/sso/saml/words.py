"""What to look at where an answer in SAML was refused: for the admin who tests the provider."""

from __future__ import annotations

from django.utils.translation import gettext as _

from governance.identity.refusals import Reason


def for_admin() -> dict[Reason, str]:
    return _of_the_answer() | _of_the_signature() | _of_the_assertion()


def _of_the_answer() -> dict[Reason, str]:
    return {
        Reason.TOO_LARGE: _("Let the provider send only the groups that are assigned to this application."),
        Reason.UNREADABLE: _("The provider sent no XML in base64. Is the binding of the answer HTTP-POST?"),
        Reason.DOCUMENT_TYPE: _("The answer declares a document type, which no provider has to."),
        Reason.COMMENTED: _("The answer holds comments or instructions, which no provider has to send."),
        Reason.NO_ANSWER: _("What was sent is no answer of SAML 2.0. Is it an older version, or a sign-out?"),
        Reason.UNASKED: _(
            "The provider began by itself. Start the sign-in here; a tile at the provider can lead to your own address."
        ),
        Reason.OTHER_REQUEST: _("Start the test again, and finish it in the same browser within ten minutes."),
        Reason.DESTINATION: _("The answer names another destination. Compare the answer address letter by letter."),
        Reason.ASSERTIONS: _("Let the provider send exactly one assertion."),
        Reason.ENCRYPTED: _("Switch the encryption of assertions off at the provider: TLS protects the way."),
        Reason.ODD: _("The answer is not built as SAML 2.0 says. Look at what the provider was told to send."),
    }


def _of_the_signature() -> dict[Reason, str]:
    return {
        Reason.UNSIGNED: _("Let the provider sign the assertion itself; a signature around the answer is not enough."),
        Reason.SIGNATURE_FORM: _("Let the provider sign the assertion as a whole, with exclusive canonicalisation."),
        Reason.SAME_IDS: _("Two parts of the answer have one id: it was put together by somebody."),
        Reason.WEAK: _("Let the provider sign with RSA or an elliptic curve, and with SHA-256 or better, not SHA-1."),
        Reason.ALTERED: _("The assertion was altered after it was signed."),
        Reason.FOREIGN_KEY: _(
            "The provider signs with a new certificate. Paste its metadata again, or have it read again."
        ),
        Reason.FALSE_SIGNATURE: _(
            "The signature was made by none of the certificates that are known. Paste the metadata again."
        ),
    }


def _of_the_assertion() -> dict[Reason, str]:
    return {
        Reason.OTHER_ISSUER: _("The assertion names another issuer than the metadata does. Paste the metadata again."),
        Reason.OTHER_AUDIENCE: _(
            "The assertion was issued to another application. Compare the entity id letter by letter."
        ),
        Reason.RECIPIENT: _("The assertion names another recipient. Compare the answer address letter by letter."),
        Reason.UNCONFIRMED: _(
            "The assertion has no bearer confirmation with an end. Is it one for the web browser profile?"
        ),
        Reason.UNCONDITIONAL: _("The assertion states no conditions, or one that is not known here."),
        Reason.TOO_EARLY: _("The assertion is not valid yet. Check the clocks of both servers."),
        Reason.TOO_LATE: _("The assertion is not valid any more. Check the clocks of both servers."),
        Reason.NO_SIGN_IN: _(
            "The assertion does not say that anybody signed in. Let the provider send that statement."
        ),
        Reason.SESSION_OVER: _("The session at the provider has ended. Sign in there again."),
        Reason.REPLAYED: _("This assertion was used before. Start the test again."),
        Reason.NO_SUBJECT: _("Let the provider send a persistent NameID, or name an attribute that says who it is."),
        Reason.TRANSIENT: _(
            "The NameID is another one at each sign-in. Let the provider send a persistent one, or name an attribute."
        ),
        Reason.ADDRESS_AS_NAME: _(
            "An e-mail address can be given to somebody else one day. Let the provider send a persistent NameID, or name"
            " an attribute that never changes, such as an object id."
        ),
    }
