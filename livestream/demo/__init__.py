"""One believable shop to look at: 桂芳茶行 / Guifang Tea. Everything is built through the verbs."""
