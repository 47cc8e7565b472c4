// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {Leg} from "../types/Leg.sol";
import {SignatureType} from "../types/Order.sol";

/// @title Signatures
/// @notice Decides whether a signature proves that the maker wants an order, and keeps whom makers let sign for them.
///
/// - EOA: ECDSA by the maker itself. Whether the account has code (EIP-7702) does not matter.
/// - DELEGATE: ECDSA by a signer the maker authorised on chain, before the authorisation expires.
/// - EIP1271: the maker is a contract and says yes, within a bounded amount of gas. It is asked about the order hash as it
///   is; wallets that wrap it (ERC-7739) find what they need in the signature.
abstract contract Signatures is ICTFExchange {
    /// @inheritdoc ICTFExchange
    /// @dev Enough for a passkey checked in Solidity, about 330,000; a Safe needs 10,000 to 30,000.
    uint256 public constant override SIGNATURE_GAS = 400_000;

    /// @dev What must be left after asking a contract, to name the order.
    uint256 private constant RESERVE_GAS = 10_000;

    /// @inheritdoc ICTFExchange
    mapping(address maker => mapping(address signer => uint256)) public override signerExpiration;

    /// @inheritdoc ICTFExchange
    function authorizeSigner(address signer, uint256 expiration) external override {
        if (signer == address(0)) revert ZeroAddress();
        if (expiration <= block.timestamp) revert InvalidExpiration(expiration, block.timestamp);

        signerExpiration[msg.sender][signer] = expiration;
        emit SignerAuthorized(msg.sender, signer, expiration);
    }

    /// @inheritdoc ICTFExchange
    function revokeSigner(address signer) external override {
        if (signerExpiration[msg.sender][signer] == 0) revert UnknownSigner(msg.sender, signer);

        delete signerExpiration[msg.sender][signer];
        emit SignerRevoked(msg.sender, signer);
    }

    function _requireSigned(Leg memory leg, bytes calldata signature) internal view {
        (bytes32 orderHash, uint8 kind) = (leg.orderHash, leg.signatureType);
        (address maker, address signer) = (leg.maker, leg.signer);
        if (kind == uint8(SignatureType.EOA)) {
            if (signer == maker && _isSignedBy(signer, orderHash, signature)) return;
        } else if (kind == uint8(SignatureType.DELEGATE)) {
            if (_isSignedBy(signer, orderHash, signature)) {
                uint256 expiration = signerExpiration[maker][signer];
                if (block.timestamp < expiration) return;
                revert SignerNotAuthorized(orderHash, maker, signer, expiration);
            }
        } else if (kind == uint8(SignatureType.EIP1271)) {
            if (signer == maker && _confirms(maker, orderHash, signature)) return;
        } else {
            revert UnsupportedSignatureType(orderHash, kind);
        }
        revert InvalidSignature(orderHash, maker, signer);
    }

    /// @dev ECDSA refuses signatures that are not 65 bytes, have a high s or recover to zero.
    function _isSignedBy(address signer, bytes32 orderHash, bytes calldata signature) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(orderHash, signature);
        return failure == ECDSA.RecoverError.NoError && recovered == signer;
    }

    function _confirms(address account, bytes32 orderHash, bytes calldata signature) private view returns (bool) {
        if (!BoundedCalls.canAfford(SIGNATURE_GAS, RESERVE_GAS)) revert InsufficientGas(SIGNATURE_GAS);
        return BoundedCalls.confirms(account, orderHash, signature, SIGNATURE_GAS);
    }
}
