export examples --into sqlite:/nonexistent/x
