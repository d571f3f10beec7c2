"""The database: tables, migrations, the sink that fills them, the queries that read them."""
