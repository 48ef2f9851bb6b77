"""For each bug a short tale that ends at it, by `python -m tests.record_tales`."""

# ruff: noqa: E501
# fmt: off
TALES = {
    'the counter sells what is held for an order': [
        ('open', {'stories': [], 'first': [({1: 2}, 2), ({1: 2}, 3), ({1: 3, 2: 3}, 0)], 'tales': [], 'pieces': [2, 7, 2], 'fee': 27}),
        ('sell_at_the_counter', {'place': 2, 'quantity': 1, 'store': 1}),
    ],
    'an order holds what lies there, free or not': [
        ('open', {'fee': 538, 'pieces': [7, 4, 3], 'stories': [], 'first': [({2: 3}, 0), ({2: 2}, 3), ({0: 1, 2: 1}, 3)], 'tales': []}),
    ],
    'a crowd is promised the same piece': [
        ('open', {'first': [({2: 1, 0: 2}, 2)], 'pieces': [7, 7, 6], 'fee': 245, 'stories': [], 'tales': []}),
        ('a_crowd_orders', {'wishes': [({0: 1}, 1, True), ({0: 1, 2: 3}, 3, True), ({2: 3}, 3, True), ({0: 3}, 1, True)]}),
    ],
    'stock is given back twice': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'only the first store gets its pieces back': [
        ('open', {'pieces': [7, 6, 3], 'first': [({1: 3, 2: 1}, 1)], 'stories': [], 'fee': 310, 'tales': []}),
        ('she_wants_no_parcel', {'count': 2, 'pick': 34, 'then': 'she keeps it', 'whole': True}),
    ],
    'what leaves the shop is not in the ledger': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'a part that is shipped takes the rest along': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'what expires keeps its goods': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'an order expires before its time': [
        ('open', {'tales': [], 'fee': 296, 'pieces': [4, 9, 5], 'stories': [], 'first': [({1: 1, 0: 1}, 0), ({1: 2}, 3), ({0: 1}, 1)]}),
        ('time_runs_out', {'pick': 63}),
    ],
    'a paid order is cancelled by an old page': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'a paid order can be cancelled': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    "a show's price is taken although it is dearer": [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [({0: 1}, 0)], 'stories': [], 'tales': []}),
    ],
    'the parcel is not in the total': [
        ('open', {'first': [], 'stories': [], 'fee': 494, 'tales': ['called off piece by piece'], 'pieces': [9, 9, 8]}),
    ],
    'cents of a discount are lost between the lines': [
        ('open', {'tales': [], 'first': [({2: 2, 1: 3}, 3)], 'fee': 65, 'pieces': [5, 3, 6], 'stories': []}),
    ],
    'one number opens orders without end': [
        ('open', {'pieces': [7, 8, 8], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('she_orders_and_pays_nothing', {'wanted': {0: 1}, 'guest': 0, 'phone': 0}),
    ],
    'the same request is done twice': [
        ('open', {'pieces': [7, 8, 2], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('place', {'guest': 0, 'phone': 1, 'pickup': False, 'special': 0, 'spent': True, 'twice': True, 'wanted': {0: 3}, 'with_gift': True, 'with_voucher': False}),
    ],
    'one copy more than issued': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': []}),
        ('everybody_claims', {}),
    ],
    'one copy more than each may claim': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': []}),
        ('everybody_claims', {}),
    ],
    'one copy more than each may use': [
        ('open', {'pieces': [7, 8, 8], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('she_uses_a_friends_copy_too', {'guest': 0, 'at_counter': False}),
    ],
    'the counter does not count towards the cap': [
        ('open', {'pieces': [7, 8, 8], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('place', {'wanted': {0: 1}, 'guest': 0, 'phone': 0, 'with_voucher': False, 'pickup': False, 'twice': False, 'with_gift': False, 'special': 0, 'spent': False}),
        ('use_a_voucher_at_the_counter', {'guest': 0, 'store': 0, 'goods': 2500}),
        ('claim', {'guest': 2, 'times': 1}),
        ('place', {'wanted': {2: 1}, 'guest': 2, 'phone': 0, 'with_voucher': True, 'pickup': False, 'twice': False, 'with_gift': False, 'special': 0, 'spent': False}),
    ],
    'a used voucher is used again': [
        ('open', {'pieces': [7, 8, 8], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('place', {'wanted': {0: 1}, 'guest': 0, 'phone': 0, 'with_voucher': False, 'pickup': False, 'twice': False, 'with_gift': True, 'special': 0, 'spent': False}),
        ('place', {'wanted': {0: 1}, 'guest': 0, 'phone': 0, 'with_voucher': False, 'pickup': False, 'twice': False, 'with_gift': True, 'special': 0, 'spent': True}),
    ],
    'a coupon counts its uses twice': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [({0: 1}, 0), ({0: 1}, 0)], 'stories': [], 'tales': []}),
    ],
    'a cancelled order keeps the voucher': [
        ('open', {'tales': [], 'stories': [], 'pieces': [7, 4, 9], 'fee': 27, 'first': [({2: 3, 0: 2}, 2), ({0: 2}, 0)]}),
        ('cancel', {'pick': 5, 'stale': True}),
    ],
    'a coupon is good below its threshold': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [({0: 1}, 0)], 'stories': [], 'tales': []}),
    ],
    'a gift is not held': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [({0: 1}, 0), ({0: 1}, 0)], 'stories': [], 'tales': []}),
    ],
    'a signature is not looked at': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'the amount of a callback is not compared': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'the currency of a callback is not compared': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'a callback that comes again is a second payment': [
        ('open', {'pieces': [8, 7, 9], 'tales': [], 'stories': [], 'fee': 888, 'first': [({2: 2, 1: 3}, 2)]}),
        ('the_bank_is_not_itself', {'pick': 2, 'twice': True}),
    ],
    'money that comes too late is swallowed': [
        ('open', {'pieces': [4, 9, 3], 'stories': [], 'tales': [], 'fee': 368, 'first': [({0: 1}, 0)]}),
        ('money_comes_late', {'cancelled': True, 'pick': 41, 'reused': True, 'sold': False}),
    ],
    'money that comes twice is swallowed': [
        ('open', {'first': [({1: 2}, 3)], 'pieces': [9, 8, 2], 'fee': 356, 'tales': [], 'stories': []}),
        ('the_bank_is_not_itself', {'pick': 41, 'twice': True}),
    ],
    'a late order comes back without its voucher': [
        ('open', {'pieces': [7, 8, 8], 'fee': 0, 'tales': [], 'stories': [], 'first': []}),
        ('place', {'wanted': {2: 1}, 'guest': 0, 'phone': 0, 'with_voucher': True, 'pickup': False, 'twice': False, 'with_gift': False, 'special': 0, 'spent': False}),
        ('money_comes_late', {'pick': 0, 'cancelled': False, 'sold': False, 'reused': False}),
    ],
    'a sale is not in the books': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    "the parcel's price is booked as goods": [
        ('open', {'tales': [], 'pieces': [6, 5, 6], 'first': [({2: 2}, 0), ({2: 3, 1: 2}, 1), ({2: 3, 0: 2}, 0), ({2: 3, 1: 3}, 1), ({2: 1}, 3)], 'stories': [], 'fee': 269}),
    ],
    'nobody is told of a paid order': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'she is told twice': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['a line goes ahead']}),
    ],
    'a piece is asked back twice': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'more goes back than a line cost': [
        ('open', {'stories': [], 'fee': 95, 'pieces': [7, 9, 4], 'tales': [], 'first': []}),
        ('tell', {'tale': 'part after part of the price'}),
    ],
    'a part that was given does not count': [
        ('open', {'stories': [], 'fee': 703, 'pieces': [5, 4, 8], 'tales': [], 'first': []}),
        ('tell', {'tale': 'part after part of the price'}),
    ],
    'more is promised than was paid': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'the money goes before the goods come back': [
        ('open', {'fee': 160, 'tales': ['hers comes back and another goes out'], 'first': [], 'stories': [], 'pieces': [9, 7, 5]}),
    ],
    'goods are on the shelf before they come back': [
        ('open', {'pieces': [3, 3, 7], 'fee': 531, 'stories': [], 'tales': ['she keeps hers for which another was put aside'], 'first': []}),
    ],
    'more goods come back than were sent': [
        ('open', {'stories': [], 'first': [], 'fee': 846, 'tales': ['hers comes back and another goes out'], 'pieces': [6, 6, 5]}),
    ],
    'pieces that are called off stay held': [
        ('open', {'first': [({0: 3}, 1), ({0: 1, 1: 2}, 3), ({2: 3}, 0), ({0: 2}, 3), ({0: 2, 1: 2}, 1)], 'pieces': [4, 8, 2], 'fee': 646, 'tales': ['a line goes ahead', 'hers comes back and another goes out'], 'stories': [(48, 2, 'part', False, 'never mind', 'back'), (36, 3, 'money', True, '', 'part'), (56, 3, 'money', True, 'it comes', 'back')]}),
        ('she_wants_no_parcel', {'count': 2, 'pick': 45, 'then': 'it is sent', 'whole': False}),
    ],
    "the parcel's price goes back twice": [
        ('open', {'first': [], 'tales': ['called off piece by piece'], 'pieces': [9, 8, 5], 'fee': 479, 'stories': []}),
    ],
    'a refund that is withdrawn keeps the promise': [
        ('open', {'tales': ['she keeps what was to come back'], 'fee': 744, 'pieces': [5, 8, 9], 'stories': [], 'first': []}),
    ],
    'an old page moves a refund': [
        ('open', {'pieces': [9, 4, 8], 'fee': 403, 'stories': [], 'first': [], 'tales': ['part after part of the price']}),
    ],
    'a second answer of the bank is booked again': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'what goes back is not in the books': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'goods leave while their money is asked back': [
        ('open', {'pieces': [2, 2, 2], 'fee': 0, 'first': [], 'stories': [], 'tales': ['called off piece by piece']}),
    ],
    'what is agreed to in exchange is not put aside': [
        ('open', {'first': [], 'fee': 251, 'pieces': [9, 3, 7], 'tales': ['hers comes back and another goes out'], 'stories': []}),
    ],
    'what was put aside stays so when she keeps hers': [
        ('open', {'stories': [], 'fee': 237, 'tales': ['she keeps hers for which another was put aside'], 'first': [], 'pieces': [8, 5, 4]}),
    ],
    'who exchanges has her money back too': [
        ('open', {'pieces': [6, 9, 8], 'first': [], 'tales': ['she keeps hers for which another was put aside'], 'stories': [], 'fee': 521}),
    ],
    'what was put aside does not go out': [
        ('open', {'tales': ['hers comes back and another goes out'], 'stories': [], 'pieces': [6, 7, 9], 'first': [], 'fee': 712}),
    ],
    'a replacement is worth twice what came back': [
        ('open', {'pieces': [7, 6, 8], 'tales': ['a line goes ahead', 'part after part of the price'], 'fee': 667, 'first': [({2: 3}, 1), ({1: 3}, 1), ({2: 3}, 2), ({1: 1, 2: 2}, 0), ({1: 2, 0: 2}, 2)], 'stories': [(28, 2, 'swap', False, 'it is sent', 'back')]}),
    ],
    'any code opens a parcel at the counter': [
        ('open', {'first': [({2: 2, 0: 1}, 3), ({2: 2, 1: 3}, 1), ({2: 3, 0: 2}, 1), ({1: 2}, 3)], 'pieces': [7, 2, 7], 'fee': 731, 'stories': [], 'tales': []}),
    ],
    'a clerk of another store hands it over': [
        ('open', {'tales': [], 'first': [({0: 1}, 3), ({0: 2, 2: 2}, 3)], 'stories': [], 'pieces': [7, 5, 2], 'fee': 210}),
    ],
}
