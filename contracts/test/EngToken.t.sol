// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {EngToken} from "../src/EngToken.sol";
import {IEngToken} from "../src/interfaces/IEngToken.sol";

contract EngTokenTest is Test {
    address private immutable faucet = makeAddr("faucet");
    address private immutable spender = makeAddr("spender");

    function _deploy(uint256 holderCount) private returns (EngToken) {
        address[] memory holders = new address[](holderCount);
        uint256[] memory amounts = new uint256[](2);
        holders[0] = faucet;
        amounts[0] = 5 ether;
        if (holderCount > 1) holders[1] = spender;
        amounts[1] = 7 ether;
        return new EngToken(holders, amounts);
    }

    function test_theWholeSupplyGoesToTheHolders() public {
        EngToken token = _deploy(2);
        assertEq(token.name(), "Enigma");
        assertEq(token.symbol(), "ENG");
        assertEq(token.decimals(), 18);
        assertEq(token.balanceOf(faucet), 5 ether);
        assertEq(token.balanceOf(spender), 7 ether);
        assertEq(token.totalSupply(), 12 ether);
    }

    function test_listsOfDifferentLengthsAreRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IEngToken.HoldersAndAmountsDiffer.selector, 1, 2));
        _deploy(1);
    }

    function testFuzz_aPermitSetsTheAllowanceOnce(uint256 key, uint256 amount) public {
        EngToken token = _deploy(2);
        key = boundPrivateKey(key);
        address owner = vm.addr(key);
        bytes32 permitType =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(permitType, owner, spender, amount, 0, block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), message)));
        token.permit(owner, spender, amount, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, spender), amount);
        assertEq(token.nonces(owner), 1);
        vm.expectRevert();
        token.permit(owner, spender, amount, block.timestamp, v, r, s);
    }
}
