// The composer: toolbar, drafts, quotes.
