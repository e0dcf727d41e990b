"""The Piccolo app: a folder of migrations. The tables themselves stand with the features that own them."""

from piccolo.conf.apps import AppConfig

from forum.database.pending import APP_NAME, MIGRATIONS

APP_CONFIG = AppConfig(
    app_name=APP_NAME, migrations_folder_path=str(MIGRATIONS), table_classes=[], migration_dependencies=[], commands=[]
)
