package styleguide_test

import (
	"fmt"
	"testing"
)

var pagePaths = []string{"", "/fields", "/lists", "/record", "/panels", "/calm", "/charts", "/api", "/bare", "/error"}

// isAccessible keeps the promise of WCAG 2.2 AA for each component, and that no
// page is wider than its screen. A phone in light and a desk in dark are every
// layout and every colour once.
func isAccessible(t *testing.T, b browser) {
	for _, look := range []struct {
		theme string
		width int64
	}{{"light", 360}, {"dark", 1280}} {
		t.Run(fmt.Sprintf("%s at %d px", look.theme, look.width), func(t *testing.T) {
			for _, path := range pagePaths {
				p := b.open(t, "/styleguide"+path+"?theme="+look.theme, look.width, 900)
				for _, v := range p.violations(b.axe) {
					t.Errorf("/styleguide%s: %s", path, v)
				}
				if over := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("/styleguide%s is %d px wider than the screen", path, over)
				}
				p.close()
			}
		})
	}
}

// isAccessibleWhenOpen checks what axe cannot see while it is closed.
func isAccessibleWhenOpen(t *testing.T, b browser) {
	for name, opens := range map[string]string{
		"dialog":    `document.querySelector("[data-opens=sample-dialog]").click()`,
		"drawer":    `document.querySelector("[data-opens=sample-drawer]").click()`,
		"user menu": `document.querySelector(".s-user").click()`,
		"menu":      `document.querySelector("[popovertarget=sample-menu]").click()`,
		"key help":  `document.dispatchEvent(new KeyboardEvent("keydown", {key: "?"}))`,
		"palette":   `document.dispatchEvent(new KeyboardEvent("keydown", {key: "k", ctrlKey: true}))`,
	} {
		t.Run(name, func(t *testing.T) {
			p := b.open(t, "/styleguide?theme=light", 1280, 900)
			eval[any](p, opens+"; null")
			p.until(`document.querySelector("dialog[open], .s-menu-list:popover-open") !== null`)
			p.until(`document.getAnimations().every(a => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)`)
			for _, v := range p.violations(b.axe) {
				t.Error(v)
			}
		})
	}
}
