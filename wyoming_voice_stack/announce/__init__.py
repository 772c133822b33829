"""How clients find this server: zeroconf on the network, the Supervisor in an add-on."""
