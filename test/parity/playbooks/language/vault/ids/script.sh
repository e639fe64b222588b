#!/bin/sh
echo other-secret
