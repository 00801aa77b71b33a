"""Local accounts: passwords, second factors, passkeys and the sessions that are open. No page and no request is known here."""
