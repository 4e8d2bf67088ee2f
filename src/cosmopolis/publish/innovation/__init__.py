"""The report's chapter on innovation: papers and patents of frontier fields as networks of cities.

Shows what the tables of `cosmopolis.publish.innovation.schemas` hold and computes nothing new but sums,
shares and sentences. A result without the table `field_totals` has no such chapter.
"""
