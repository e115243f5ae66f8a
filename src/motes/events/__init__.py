"""What all kinds of event share: tables, columns, groups, rooms and instruments. No kind is named here."""
