"""Language data: lexicons, CLDR names and number rules."""
