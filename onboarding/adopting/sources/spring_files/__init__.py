"""Files of Spring, read as Spring Boot reads them."""
