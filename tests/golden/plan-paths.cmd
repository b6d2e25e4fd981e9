plan --topology topologies/dumbbell.ns --cover paths --avoid left,right -o json -q
