"""Where Piccolo finds the engine and the one app whose migrations it runs."""

from piccolo.conf.apps import AppRegistry

from forum.database.engine import engine

DB = engine
APP_REGISTRY = AppRegistry(apps=["forum.database.piccolo_app"])
