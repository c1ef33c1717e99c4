// Package screen prints for people at a terminal: plans and their edits within 80 columns, colours, and a last line that says how far a
// command is and what it waits for.
//
// A Screen is a stream that may take colours. [Screen.Plan] and [Screen.Amounts] print a diff.Plan onto it, each value cut to the part in
// which it differs. A [Status] is drawn over the last line of a terminal; whatever else is printed goes through it, and so above it.
//
// What always holds:
//
//   - Text from elsewhere cannot begin a line of its own, move the cursor, change colours or reverse the line.
//   - Two values that differ are seen to differ, however long they are.
//   - Nothing but a terminal gets colours or a Status, and with NO_COLOR not even that gets colours.
//   - A Status never stands still without saying why.
//
// For example:
//
//	s := screen.New(os.Stdout, os.Getenv("NO_COLOR"))
//	s.Amounts(diff.AmountsOf(plan))
//	s.Plan(plan, 0)
//	fmt.Fprintln(s, screen.PlanWords(plan, 0))
package screen
