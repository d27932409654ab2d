from goodfit.serving.answering import Limits as Limits
from goodfit.serving.routes import app as app
from goodfit.serving.running import serve as serve
from goodfit.serving.web_server import WebServer as WebServer
