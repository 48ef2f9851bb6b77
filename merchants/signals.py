"""What happens in merchants that others may want to hear."""

from merchants.facts import Fact

stock_changed = Fact()  # variant_ids: set[int]
staff_removed = Fact()  # merchant, user
notice_created = Fact()  # notification
