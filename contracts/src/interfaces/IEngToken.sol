// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title ENG, the token that the marketplace is paid in
/// @notice ERC-20 with ERC-2612 permits and 18 decimals. The whole supply is minted to the constructor's holders; there
/// is no owner, and nothing is minted afterwards. On development chains one of the holders is a faucet.
/// @dev The EIP-712 domain of permits is name "Enigma", version "1".
interface IEngToken is IERC20Metadata, IERC20Permit {
    /// @notice The constructor was given lists of different lengths.
    error HoldersAndAmountsDiffer(uint256 holders, uint256 amounts);
}
