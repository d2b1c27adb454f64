package filter

import (
	"strconv"
	"strings"
)

// parseNumber reads 12.5 as 1250 for a field of scale 2.
func (f *Field) parseNumber(o Operand, at Span) (int64, error) {
	whole, decimals, _ := strings.Cut(o.Text, ".")
	if len(decimals) > f.Scale {
		if f.Scale == 0 {
			return 0, errorAt(at, "%s is a whole number.", f.named())
		}
		return 0, errorAt(at, "%s has at most %d digits after the point.", f.named(), f.Scale)
	}
	// Only digits may be glued together: "1.-2" is no number.
	if strings.Trim(decimals, "0123456789") == "" && strings.Trim(whole, "-") != "" {
		n, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", f.Scale-len(decimals)), 10, 64)
		if err == nil {
			return n, nil
		}
	}
	return 0, errorAt(at, "%s is a number. “%s” is not one that fits.", f.named(), o.Text)
}

// formatDecimal is the inverse of parseNumber.
func formatDecimal(n int64, scale int) string {
	text := strconv.FormatInt(n, 10)
	if scale == 0 {
		return text
	}
	digits, negative := strings.CutPrefix(text, "-")
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	text = digits[:point] + "." + digits[point:]
	if negative {
		text = "-" + text
	}
	return text
}
