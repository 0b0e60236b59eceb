/**
 * What devlink(8) of iproute2 7.3 prints for `help`, by what it is asked about. It is output that scripts may depend on, so
 * it is to the letter.
 *
 * @module
 */

/** The help by the words before `help`; without words the help of the whole command. */
export const USAGE: Readonly<Record<string, string>> = {
  "": `Usage: devlink [ OPTIONS ] OBJECT { COMMAND | help }
       devlink [ -f[orce] ] -b[atch] filename -N[etns] netnsname
where  OBJECT := { dev | port | lc | sb | monitor | dpipe | resource | region | health | trap }
       OPTIONS := { -V[ersion] | -n[o-nice-names] | -j[son] | -p[retty] | -v[erbose] -s[tatistics] -[he]x }
`,
  "dev": `Usage: devlink dev show [ DEV ]
       devlink dev eswitch set DEV [ mode { legacy | switchdev | switchdev_inactive } ]
                               [ inline-mode { none | link | network | transport } ]
                               [ encap-mode { none | basic } ]
       devlink dev eswitch show DEV
       devlink dev param set DEV name PARAMETER [ value VALUE | default ] cmode { permanent | driverinit | runtime }
       devlink dev param show [DEV name PARAMETER]
       devlink dev reload DEV [ netns { PID | NAME | ID } ]
                              [ action { driver_reinit | fw_activate } ] [ limit no_reset ]
       devlink dev info [ DEV ]
       devlink dev flash DEV file PATH [ component NAME ] [ overwrite SECTION ]
       devlink dev selftests show [DEV]
       devlink dev selftests run DEV [id TESTNAME ]
`,
  "port": `Usage: devlink port show [ DEV/PORT_INDEX ]
       devlink port set DEV/PORT_INDEX [ type { eth | ib | auto} ]
       devlink port split DEV/PORT_INDEX count COUNT
       devlink port unsplit DEV/PORT_INDEX
       devlink port function set DEV/PORT_INDEX [ hw_addr ADDR ] [ state { active | inactive } ]
                      [ roce { enable | disable } ] [ migratable { enable | disable } ]
                      [ ipsec_crypto { enable | disable } ] [ ipsec_packet { enable | disable } ]
                      [ max_io_eqs EQS ]
       devlink port function rate { help | show | add | del | set }
       devlink port param set DEV/PORT_INDEX name PARAMETER value VALUE cmode { permanent | driverinit | runtime }
       devlink port param show [DEV/PORT_INDEX name PARAMETER]
       devlink port health show [ DEV/PORT_INDEX reporter REPORTER_NAME ]
       devlink port add DEV/PORT_INDEX flavour FLAVOUR pfnum PFNUM
                      [ sfnum SFNUM ][ controller CNUM ]
       devlink port del DEV/PORT_INDEX
`,
  "port function": `Usage: devlink port function set DEV/PORT_INDEX [ hw_addr ADDR ] [ state { active | inactive } ]
                      [ roce { enable | disable } ] [ migratable { enable | disable } ]
                      [ ipsec_crypto { enable | disable } ] [ ipsec_packet { enable | disable } ]
       devlink port function rate { help | show | add | del | set }
`,
  "port function rate": `Usage: devlink port function rate help
       devlink port function rate show [ DEV/{ PORT_INDEX | NODE_NAME } ]
       devlink port function rate add DEV/NODE_NAME
               [ tx_share VAL ][ tx_max VAL ][ tx_priority N ][ tx_weight N ][ tc-bw INDEX:N ... INDEX:N ][ { parent NODE_NAME | noparent } ]
       devlink port function rate del DEV/NODE_NAME
       devlink port function rate set DEV/{ PORT_INDEX | NODE_NAME }
               [ tx_share VAL ][ tx_max VAL ][ tx_priority N ][ tx_weight N ][ tc-bw INDEX:N ... INDEX:N ][ { parent NODE_NAME | noparent } ]

       VAL - float or integer value in units of bits or bytes per second (bit|bps)
       N - integer representing priority/weight of the node among siblings
       INDEX - integer representing traffic class index in the tc-bw option, ranging from 0 to 7
       and SI (k-, m-, g-, t-) or IEC (ki-, mi-, gi-, ti-) case-insensitive prefix.
       Bare number, means bits per second, is possible.

       For details refer to devlink-rate(8) man page.
`,
  "sb": `Usage: devlink sb show [ DEV [ sb SB_INDEX ] ]
       devlink sb pool show [ DEV [ sb SB_INDEX ] pool POOL_INDEX ]
       devlink sb pool set DEV [ sb SB_INDEX ] pool POOL_INDEX
                           size POOL_SIZE thtype { static | dynamic }
       devlink sb port pool show [ DEV/PORT_INDEX [ sb SB_INDEX ]
                                   pool POOL_INDEX ]
       devlink sb port pool set DEV/PORT_INDEX [ sb SB_INDEX ]
                                pool POOL_INDEX th THRESHOLD
       devlink sb tc bind show [ DEV/PORT_INDEX [ sb SB_INDEX ] tc TC_INDEX
                                 type { ingress | egress } ]
       devlink sb tc bind set DEV/PORT_INDEX [ sb SB_INDEX ] tc TC_INDEX
                              type { ingress | egress } pool POOL_INDEX
                              th THRESHOLD
       devlink sb occupancy show { DEV | DEV/PORT_INDEX } [ sb SB_INDEX ]
       devlink sb occupancy snapshot DEV [ sb SB_INDEX ]
       devlink sb occupancy clearmax DEV [ sb SB_INDEX ]
`,
  "monitor": `Usage: devlink monitor [ all | OBJECT-LIST ]
where  OBJECT-LIST := { dev | port | lc | health | trap | trap-group | trap-policer }
`,
  "dpipe": `Usage: devlink dpipe table show DEV [ name TABLE_NAME ]
       devlink dpipe table set DEV name TABLE_NAME
                               [ counters_enabled { true | false } ]
       devlink dpipe table dump DEV name TABLE_NAME
       devlink dpipe header show DEV
`,
  "resource": `Usage: devlink resource show [ DEV[/PORT_INDEX] | scope { dev | port } ]
       devlink resource set DEV path PATH size SIZE
`,
  "region": `Usage: devlink region show [ DEV/REGION ]
       devlink region del DEV/REGION snapshot SNAPSHOT_ID
       devlink region new DEV/REGION [ snapshot SNAPSHOT_ID ]
       devlink region dump DEV/REGION [ snapshot SNAPSHOT_ID ]
       devlink region read DEV/REGION [ snapshot SNAPSHOT_ID ] address ADDRESS length LENGTH
`,
  "health": `Usage: devlink health show [ { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME ]
       devlink health recover { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
       devlink health diagnose { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
       devlink health test { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
       devlink health dump show { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
       devlink health dump clear { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
       devlink health set { DEV | DEV/PORT_INDEX } reporter REPORTER_NAME
                          [ grace_period MSEC ]
                          [ burst_period MSEC ]
                          [ auto_recover { true | false } ]
                          [ auto_dump    { true | false } ]
`,
  "trap": `Usage: devlink trap set DEV trap TRAP [ action { trap | drop | mirror } ]
       devlink trap show [ DEV trap TRAP ]
       devlink trap group set DEV group GROUP [ action { trap | drop | mirror } ]
                              [ policer POLICER ] [ nopolicer ]
       devlink trap group show [ DEV group GROUP ]
       devlink trap policer set DEV policer POLICER [ rate RATE ] [ burst BURST ]
       devlink trap policer show DEV policer POLICER
`,
  "lc": `Usage: devlink lc show [ DEV [ lc LC_INDEX ] ]
       devlink lc set DEV lc LC_INDEX [ { type LC_TYPE | notype } ]
`,
  "port add": `       devlink port add DEV/PORT_INDEX flavour FLAVOUR pfnum PFNUM
                      [ sfnum SFNUM ][ controller CNUM ]
`,
  "port del": `       devlink port del DEV/PORT_INDEX
`,
};
