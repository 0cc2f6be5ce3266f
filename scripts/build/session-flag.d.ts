// The build sets it: whether the entry is one whose core keeps sessions.
declare const SESSION: boolean;
