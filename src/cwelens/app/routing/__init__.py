"""Finds the routes of a program: handlers that decorators, calls, classes, trees and schemas hand to a framework."""
