window.spinnakerSettings.feature = { functions: false };
