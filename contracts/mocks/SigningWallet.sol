// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title SigningWallet
/// @notice For tests: a contract wallet that confirms what its owner signed (EIP-1271), or misbehaves as the test says.
contract SigningWallet is IERC1271, ERC1155Holder {
    /// @notice How the wallet answers when asked about a signature.
    enum Mode {
        /// As it should.
        HONEST,
        /// Always no.
        NO,
        /// Zero.
        ZERO,
        /// It fails.
        FAIL,
        /// The word for yes, cut to its four bytes.
        SHORT,
        /// No bytes at all.
        EMPTY,
        /// The four bytes of yes, with dirt behind them in the same word.
        DIRTY,
        /// The four bytes of yes, at the wrong end of the word.
        RIGHT_ALIGNED,
        /// Yes, and then more words.
        LONG,
        /// It uses all the gas it is given.
        BURN,
        /// It fails, with as many bytes as it can afford.
        HUGE_FAILURE,
        /// It fails with the one word that means yes.
        FAIL_WITH_YES,
        /// One word, which is not yes: the interface's number of true.
        ONE
    }

    /// @notice Whose signatures are confirmed.
    address public immutable owner;

    /// @notice How the wallet answers.
    Mode public mode;

    constructor(address owner_) {
        owner = owner_;
    }

    /// @notice Makes the wallet answer so from now on.
    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice Calls `to` as this wallet, and fails as that call fails.
    function execute(address to, bytes calldata data) external {
        (bool success, bytes memory reason) = to.call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view override returns (bytes4) {
        Mode how = mode;
        bytes32 yes = IERC1271.isValidSignature.selector;
        if (how == Mode.NO) return 0xffffffff;
        if (how == Mode.ZERO) return 0;
        if (how == Mode.FAIL) revert("no comment");
        if (how == Mode.BURN) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (how == Mode.SHORT) _answer(yes, 0x04);
        if (how == Mode.EMPTY) _answer(0, 0x00);
        if (how == Mode.DIRTY) _answer(yes | bytes32(uint256(1)), 0x20);
        if (how == Mode.RIGHT_ALIGNED) _answer(yes >> 224, 0x20);
        if (how == Mode.LONG) _answer(yes, 0x2000);
        if (how == Mode.ONE) _answer(bytes32(uint256(1)), 0x20);
        if (how == Mode.HUGE_FAILURE) _fail(0, 100_000);
        if (how == Mode.FAIL_WITH_YES) _fail(yes, 0x20);
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        return failure == ECDSA.RecoverError.NoError && signer == owner ? bytes4(yes) : bytes4(0xffffffff);
    }

    /// @dev Ends the call with `size` bytes, the first of them `word`. Not memory-safe, and not meant to be.
    function _answer(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0x00, word)
            return(0x00, size)
        }
    }

    /// @dev The same, as a failure.
    function _fail(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0x00, word)
            revert(0x00, size)
        }
    }
}
