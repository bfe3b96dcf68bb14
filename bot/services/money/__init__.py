"""What it costs: what is worked out, kept and answered about money, in the order in which one rests on the other.

rates, owned_rates                   the rate of rented and of owned machines, and reading AWS's prices
prices                               `/cost prices`
ledger, corrections, ledger_export   sums of the ledger, charges priced afterwards, and the ledger for other programs
bill                                 reading the provider's bill, and `/cost bill`
forecast_inputs, forecast            what a forecast is made from, and `/cost forecast`
forecast_files                       forecasts from and to CSV files, without a database
accuracy                             scores of kept forecasts, and AWS's second opinion
budget_amounts, budgets, unusual     what may be spent, where it stands, and days that cost far more than expected
savings                              what stops, claims given back and shared machines saved
rent_or_buy                          measured use held against a price to buy
reports, weekly                      `/cost report`, `/cost idle`, and the week for management
"""
