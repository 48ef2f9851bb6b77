"""/api/v1/merchants/<merchant>/products/"""

from __future__ import annotations

from django.db.models import F, Prefetch, QuerySet, Sum
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin

from merchants.api.door import MerchantViewSet
from merchants.models import Product, Variant


class VariantOut(serializers.ModelSerializer):
    """Prices in minor units of the merchant's currency; `available` over all stores."""

    available = serializers.IntegerField(read_only=True)

    class Meta:
        model = Variant
        fields = ["id", "name", "sku", "barcode", "price", "compare_at", "available"]


class ProductOut(serializers.ModelSerializer):
    id = serializers.CharField(source="public_id", read_only=True)
    category = serializers.SerializerMethodField()
    variants = VariantOut(many=True, read_only=True)
    photos = serializers.SerializerMethodField()

    class Meta:
        model = Product
        fields = ["id", "name", "description", "category", "state", "variants", "photos"]

    def get_category(self, product: Product) -> str | None:
        return product.category.name if product.category else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_photos(self, product: Product) -> list[str]:
        return [photo.image.url for photo in product.photos.all()]


class ProductViewSet(ListModelMixin, RetrieveModelMixin, MerchantViewSet):
    """Read this merchant's products."""

    queryset = Product.objects.none()
    serializer_class = ProductOut
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Product]:
        variants = Variant.objects.annotate(
            available=Sum(F("stock__on_hand") - F("stock__reserved"), default=0)
        )
        products = self.merchant.products.select_related("category")
        return products.prefetch_related("photos", Prefetch("variants", variants))
