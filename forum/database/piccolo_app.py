"""The Piccolo app: a folder of migrations. The tables themselves stand with the features that own them."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

APP_NAME = "haas"
MIGRATIONS = Path(__file__).parent / "migrations"

APP_CONFIG = AppConfig(
    app_name=APP_NAME, migrations_folder_path=str(MIGRATIONS), table_classes=[], migration_dependencies=[], commands=[]
)
