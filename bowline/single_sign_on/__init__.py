"""Sign-in by providers: what the environment says of them.

The protocols are django-allauth's and python3-saml's. None of their tables, pages and
forms is used: who somebody is in Bowline is decided in accounts/web/single_sign_on/.
"""
