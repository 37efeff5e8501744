CREATE INDEX owed_item_of_chart ON owed_item (encounter);
CREATE INDEX owed_item_open ON owed_item (status, facility);
CREATE INDEX owed_name_of ON owed_name (provider);
