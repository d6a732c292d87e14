"""The only code that knows xgboost: features, training, prediction, and judging them."""
