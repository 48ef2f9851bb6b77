"""`/accounts/…`: what stands before allauth's own pages."""

from django.urls import include, path

from merchants.views import code, sign_up

urlpatterns = [
    path("signup/", sign_up.sign_up, name="account_signup"),
    path("signup/again/", sign_up.begin_again, name="sign_up_again"),
    path("phone/verify/", code.verify_phone, name="account_verify_phone"),
    path("confirm-email/", code.verify_email, name="account_email_verification_sent"),
    path("login/code/", code.request_login_code, name="account_request_login_code"),
    path("", include("allauth.urls")),
]
