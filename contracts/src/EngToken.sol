// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IEngToken} from "./interfaces/IEngToken.sol";

/// @title ENG, as `IEngToken` describes it
contract EngToken is ERC20, ERC20Permit, IEngToken {
    /// @param holders The accounts that receive the whole supply.
    /// @param amounts What each of them receives, in wei.
    constructor(address[] memory holders, uint256[] memory amounts) ERC20("Enigma", "ENG") ERC20Permit("Enigma") {
        require(holders.length == amounts.length, HoldersAndAmountsDiffer(holders.length, amounts.length));
        for (uint256 i; i < holders.length; ++i) {
            _mint(holders[i], amounts[i]);
        }
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
