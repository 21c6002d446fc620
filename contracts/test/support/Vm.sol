// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @dev The cheat codes of forge that these tests use (https://getfoundry.sh/reference/cheatcodes).
interface Vm {
    function addr(uint256 privateKey) external pure returns (address);
    function assume(bool condition) external pure;
    function etch(address target, bytes calldata code) external;
    function expectEmit() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function prank(address sender) external;
    function roll(uint256 blockNumber) external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function warp(uint256 time) external;
}

/// @dev Checks and dice for tests.
abstract contract Check {
    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Unequal(string what, uint256 actual, uint256 expected);
    error Unmet(string what);

    function _equal(uint256 actual, uint256 expected, string memory what) internal pure {
        require(actual == expected, Unequal(what, actual, expected));
    }

    function _equal(address actual, address expected, string memory what) internal pure {
        _equal(uint160(actual), uint160(expected), what);
    }

    function _holds(bool condition, string memory what) internal pure {
        require(condition, Unmet(what));
    }

    /// @dev A number in [least, most] made of any number.
    function _within(uint256 dice, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + dice % (most - least + 1);
    }
}
