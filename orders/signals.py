"""What happens in orders that others may want to hear."""

from merchants.facts import Fact

orders_placed = Fact()  # orders: of one merchant, those of one transaction
order_paid = Fact()  # order
order_moved = Fact()  # order, old: str
order_noted = Fact()  # order: staff wrote something down, or its address changed
refund_moved = Fact()  # order: a refund of it was asked for, answered or paid
coupon_claimed = Fact()  # coupon
