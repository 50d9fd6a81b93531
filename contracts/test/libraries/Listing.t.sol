// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {Listing} from "../../src/libraries/Listing.sol";

contract ListingTest is Test {
    function requireName(string calldata name) external pure {
        Listing.requireName(name);
    }

    function _isAllowed(string memory name) private view returns (bool) {
        try this.requireName(name) {
            return true;
        } catch {
            return false;
        }
    }

    function test_ordinaryNamesAreAllowed() public view {
        assertTrue(_isAllowed("abc"));
        assertTrue(_isAllowed("coinbase_data"));
        assertTrue(_isAllowed("z09_"));
        assertTrue(_isAllowed("abcdefghijklmnopqrstuvwxyz01234"));
    }

    function test_everyByteIsJudgedAtTheFirstAndAtALaterPlace() public view {
        for (uint256 code; code < 256; ++code) {
            bytes1 c = bytes1(uint8(code));
            bool letter = code >= 0x61 && code <= 0x7a;
            bool later = letter || (code >= 0x30 && code <= 0x39) || code == 0x5f;
            assertEq(_isAllowed(string(bytes.concat(c, "aa"))), letter);
            assertEq(_isAllowed(string(bytes.concat("aa", c))), later);
        }
    }

    function testFuzz_lengthIsThreeToThirtyOne(uint8 length) public view {
        bytes memory name = new bytes(length);
        for (uint256 i; i < length; ++i) {
            name[i] = "a";
        }
        assertEq(_isAllowed(string(name)), length >= 3 && length <= 31);
    }
}
