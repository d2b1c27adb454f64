package agreement

import (
	"io/fs"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// URL is where the agreements are.
const URL = "/agreements"

func address(id int64) string { return URL + "/" + strconv.FormatInt(id, 10) }

// Module gives what plugs into the running system.
func (s *Service) Module() module.Module {
	return module.Module{
		Name:       "servicelevel/agreement",
		Migrations: []fs.FS{Migrations},
		Routes:     s.routes,
		API:        s.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Administration"), Label: text.Key("Agreements"), URL: URL, Icon: "heart-handshake", ID: MenuID, Visible: Reads},
		},
	}
}
