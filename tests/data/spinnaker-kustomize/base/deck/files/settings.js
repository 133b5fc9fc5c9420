window.spinnakerSettings = { providers: {} };
