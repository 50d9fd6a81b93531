// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Keeps one per cent of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    bool public charging;

    constructor(address holder, uint256 amount) {
        _mint(holder, amount);
    }

    function setCharging(bool charging_) external {
        charging = charging_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (charging && from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @notice Answers false to `transferFrom` while `refusing`, and moves nothing.
contract RefusingToken is ERC20("Refusing", "NO") {
    bool public refusing;

    constructor(address holder, uint256 amount) {
        _mint(holder, amount);
    }

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return refusing ? false : super.transferFrom(from, to, amount);
    }
}

/// @notice Calls `target` back with `payload` in the middle of every transfer and keeps what the call returned.
contract ReentrantToken is ERC20("Reentrant", "RE") {
    address private _target;
    bytes private _payload;

    uint256 public calls;
    bool public lastSucceeded;
    bytes public lastResult;

    constructor(address holder, uint256 amount) {
        _mint(holder, amount);
    }

    function aim(address target, bytes calldata payload) external {
        _target = target;
        _payload = payload;
        calls = 0;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        ++calls;
        (lastSucceeded, lastResult) = _target.call(_payload);
    }
}
