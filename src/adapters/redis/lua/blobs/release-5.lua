#!lua flags=allow-oom
-- The holder needs nothing any more; forgets the blobs that nobody else holds.
--
-- KEYS  the index's five, see lib.lua
-- ARGV  1 holder
-- Result  id and generation of each blob that is forgotten, one after the other

-- include blobs/lib

local holder = ARGV[1]

local forgotten = {}
for _, id in ipairs(seconds(by_holder, holder)) do
  let_go(id, holder)
  local entry = #seconds(by_blob, id, 1) == 0 and entry_of(id)
  if entry then
    forget(id, entry)
    table.insert(forgotten, id)
    table.insert(forgotten, string.format('%.0f', entry.generation))
  end
end
return forgotten
