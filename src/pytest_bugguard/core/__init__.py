"""Words and judgements. Nothing in here touches the world."""
