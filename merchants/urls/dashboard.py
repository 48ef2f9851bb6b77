"""`/dashboard/<merchant>/…`: goods and settings."""

from django.urls import path

from merchants.views import (
    importing,
    inventory,
    photo,
    product,
    setting,
    staff,
    stock,
    store,
    verification,
)

app_name = "merchants"
urlpatterns = [
    path("products/", inventory.index, name="product_list"),
    path("products/new/", product.create, name="product_new"),
    path("products/<slug:product>/", product.edit, name="product_edit"),
    path("products/<slug:product>/stock/", stock.stock, name="product_stock"),
    path("products/<slug:product>/photos/", photo.photo_add, name="photo_add"),
    path(
        "products/<slug:product>/photos/<int:photo>/remove/",
        photo.photo_remove,
        name="photo_remove",
    ),
    path("export/", importing.export, name="product_export"),
    path("imports/", importing.index, name="import_list"),
    path("imports/<slug:batch>/", importing.page, name="import"),
    path("imports/<slug:batch>/columns/", importing.columns, name="import_columns"),
    path("imports/<slug:batch>/rename/", importing.rename, name="import_rename"),
    path("imports/<slug:batch>/apply/", importing.apply, name="import_apply"),
    path("imports/<slug:batch>/undo/", importing.undo, name="import_undo"),
    path("imports/<slug:batch>/progress/", importing.progress, name="import_progress"),
    path("imports/<slug:batch>/rows/", importing.table, name="import_rows"),
    path("imports/<slug:batch>/rows/<int:row>/", importing.cell, name="import_cell"),
    path("imports/<slug:batch>/bad.csv", importing.bad, name="import_bad"),
    path("stores/", store.index, name="store_list"),
    path("stores/new/", store.create, name="store_new"),
    path("stores/<int:store>/", store.edit, name="store_edit"),
    path("stores/<int:store>/move/", store.move, name="store_move"),
    path("staff/", staff.index, name="staff_list"),
    path("staff/<int:place>/role/", staff.role, name="staff_role"),
    path("staff/<int:place>/remove/", staff.remove, name="staff_remove"),
    path("staff/invitations/<slug:invitation>/revoke/", staff.revoke, name="invitation_revoke"),
    path("settings/", setting.shop, name="settings"),
    path("settings/verification/", verification.page, name="verification"),
    path("settings/verification/withdraw/", verification.take_back, name="verification_withdraw"),
    path(
        "settings/verification/papers/<slug:paper>/",
        verification.paper,
        name="verification_paper",
    ),
    path(
        "settings/verification/papers/<slug:paper>/remove/",
        verification.paper_remove,
        name="verification_paper_remove",
    ),
    path("settings/keys/", setting.keys, name="keys"),
    path("settings/keys/new/", setting.key_new, name="key_new"),
    path("settings/keys/<str:prefix>/revoke/", setting.key_revoke, name="key_revoke"),
    path("notices/", setting.notices, name="notices"),
]
