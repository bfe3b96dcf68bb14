"""What it costs: the rules about money, in the order in which one figure rests on the other.

scope                                what a question about money is about
rates, pricebook, price_reads        what an hour costs, which known price counts, and what AWS is asked about prices
ownership, standing_costs            what an owned machine costs an hour, and any machine while it stands still
prices                               what `/cost prices` tells: a GPU-hour from every side
metering, splitting, source_reads    the ledger: charges from what was seen, whose they are, and when anybody looked
bill, reconciliation                 what the provider says it cost, and why that is not what we metered
forecast/, accuracy                  what it will cost, and how good such answers were, with AWS's second opinion
budgets, unusual                     what people must hear: of budgets, and of days far outside what was expected
savings                              what would have been spent otherwise
rent_or_buy                          what buying pays instead, month by month
reports, weekly                      what was spent, one way or another, and the week for management
"""
