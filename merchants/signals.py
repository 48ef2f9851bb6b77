"""What happens in merchants that others may want to hear."""

from merchants.facts import Fact

stock_changed = Fact()  # variant_ids: set[int]
product_changed = Fact()  # product: saved, archived, or its photos are others
staff_removed = Fact()  # merchant, user
notice_created = Fact()  # notification
