package filter

// Column is the value as a column holds it.
func (v Value) Column() any {
	switch v.kind {
	case kindText:
		return v.text
	case kindBool:
		return v.number == 1
	case kindInt, kindTime:
	}
	return v.number
}
