// Our own contracts; what tests alone use and what comes from elsewhere are left out.
module.exports = {
  skipFiles: ["mocks", "tokens"],
};
